export type View = object;
