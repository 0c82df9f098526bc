// Where the window opens: the first course, or a word on what this is when there is none.
import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { CloudUpload, GraduationCap, Plus } from "lucide-react";
import { useBackend } from "../backend/context";
import { coursesQuery, workspaceQuery } from "../backend/queries";
import { openConnect } from "../backend/store-dialogs";
import { STORE_WORDS } from "../backend/words";
import { Button } from "../design/button";
import { EmptyState } from "../design/empty-state";
import { startNewCourse } from "../features/courses/course-nav";

export function Home() {
  const backend = useBackend();
  const { data } = useQuery(coursesQuery(backend));
  const { data: workspace } = useQuery(workspaceQuery(backend));
  const [first] = data?.courses ?? [];
  if (first) return <Navigate to="/courses/$course" params={{ course: first.id }} replace />;
  return (
    <main className="screen" aria-busy={!data}>
      {data && (
        <EmptyState
          icon={GraduationCap}
          title="Make your first course"
          actions={
            <>
              <Button look="primary" icon={Plus} onClick={startNewCourse}>
                New course
              </Button>
              {workspace?.store === "this_computer" && (
                <Button icon={CloudUpload} onClick={openConnect}>
                  Connect Backblaze B2
                </Button>
              )}
            </>
          }
        >
          {STORE_WORDS[workspace?.store ?? "this_computer"].about} Drop lecture videos on a chapter, and they
          are kept in order from there.
        </EmptyState>
      )}
    </main>
  );
}
