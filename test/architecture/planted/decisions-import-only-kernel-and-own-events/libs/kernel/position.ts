export type Position = number;
