// The courses in the sidebar, and the field that makes a new one.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { BookOpen, Plus } from "lucide-react";
import { create } from "zustand";
import { useActions } from "../../backend/actions";
import { useBackend } from "../../backend/context";
import { plural } from "../../backend/format";
import { newCourseId } from "../../backend/ids";
import { coursesQuery } from "../../backend/queries";
import { failureWords } from "../../backend/words";
import { IconButton } from "../../design/button";
import { NameInput } from "../../design/name-input";

const useNaming = create<{ open: boolean }>(() => ({ open: false }));

/** Opens the field for a new course's name. */
export const startNewCourse = () => useNaming.setState({ open: true });

export function CourseNav() {
  const { data, error, refetch } = useQuery(coursesQuery(useBackend()));
  const naming = useNaming((state) => state.open);
  return (
    <div className="nav-group">
      <div className="nav-heading">
        <h2>Courses</h2>
        <IconButton icon={Plus} label="New course" data-testid="new-course" onClick={startNewCourse} />
      </div>
      <ul>
        {data?.courses.map(({ id, title, videos, pending }) => (
          <li key={id}>
            <Link
              to="/courses/$course"
              params={{ course: id }}
              className="nav-item"
              data-testid="nav-course"
              data-course-id={id}
              title={title}
              draggable={false}
            >
              <BookOpen size={16} strokeWidth={1.75} aria-hidden />
              <span className="truncate">{title}</span>
              {pending ? (
                <span className="pending-mark">not sent</span>
              ) : (
                videos > 0 && <em title={plural(videos, "video")}>{videos}</em>
              )}
            </Link>
          </li>
        ))}
        {naming && (
          <li>
            <NewCourse />
          </li>
        )}
      </ul>
      {data?.courses.length === 0 && !naming && <p className="nav-note">None yet</p>}
      {error && !data && (
        <p className="nav-note">
          {failureWords("read the courses", error)}{" "}
          <button type="button" className="link" onClick={() => void refetch()}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

function NewCourse() {
  const actions = useActions();
  const navigate = useNavigate();
  const close = () => useNaming.setState({ open: false });

  function save(title: string) {
    close();
    const course = newCourseId();
    const sent = actions.edit(
      { name: "course.create", args: { course, title } },
      `make the course “${title}”`,
    );
    void navigate({ to: "/courses/$course", params: { course } });
    void sent.then((taken) => {
      if (!taken) void navigate({ to: "/" });
    });
  }

  return (
    <div className="nav-item" data-naming>
      <BookOpen size={16} strokeWidth={1.75} aria-hidden />
      <NameInput
        label="Name of the new course"
        placeholder="Course name"
        initial=""
        save={save}
        cancel={close}
      />
    </div>
  );
}
