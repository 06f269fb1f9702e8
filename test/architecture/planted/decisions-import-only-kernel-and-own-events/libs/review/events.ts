export type Opened = object;
