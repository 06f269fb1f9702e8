export type Case = { status: string };
