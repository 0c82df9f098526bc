// Ids of rows the window creates: UUIDv7, so that they sort by the time they were made.
import { v7 } from "uuid";
import type { ChapterId } from "./bindings/ChapterId";
import type { CourseId } from "./bindings/CourseId";

export const newCourseId = (): CourseId => v7() as CourseId;
export const newChapterId = (): ChapterId => v7() as ChapterId;
