// The screens and their addresses. Hash history: the window is a file, not a site.
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  type RouterHistory,
} from "@tanstack/react-router";
import type { CourseId } from "../backend/bindings/CourseId";
import type { VideoId } from "../backend/bindings/VideoId";
import { CoursePage } from "../features/courses/course-page";
import { LibraryPage } from "../features/media-library/library-page";
import { Home } from "./home";
import { Shell } from "./shell";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: Home });

const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Home });

const courseRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/courses/$course",
  validateSearch: ({ video }: { video?: unknown }): { video?: VideoId } =>
    typeof video === "string" ? { video: video as VideoId } : {},
  component: function CourseScreen() {
    const { course } = courseRoute.useParams();
    const { video } = courseRoute.useSearch();
    const navigate = courseRoute.useNavigate();
    return (
      <CoursePage
        key={course}
        course={course as CourseId}
        video={video}
        leave={() => void navigate({ to: "/", search: {} })}
      />
    );
  },
});

const libraryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/library",
  component: LibraryPage,
});

const routeTree = rootRoute.addChildren([homeRoute, courseRoute, libraryRoute]);

export const makeRouter = (history: RouterHistory = createHashHistory()) =>
  createRouter({ routeTree, history });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
