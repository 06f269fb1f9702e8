export type Flagged = { imageId: string };
