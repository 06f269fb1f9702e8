/*
 * The limits of the queues that a reported fact passes on its way into the log and the views, in that order: see
 * docs/path-of-a-fact.md. Each limit follows from the one it must not exceed.
 */

/** More events than this are parsed or encoded in their own turn of the event loop; fewer are as quick as a decision. */
export const FEW_EVENTS = 32;

/**
 * Maximum events per append, both from one lane and in one statement of the append queue. Small enough that two appends
 * overlap if several lanes write: one is encoded while the other commits.
 */
export const APPEND_EVENTS = 1_000;

/** Maximum streams per append, and so decisions per commit. */
export const APPEND_WRITES = 256;

/** Maximum facts that wait in a lane. Further ones are refused; otherwise a slow store would exhaust the memory. */
export const LANE_WAITING = 20 * APPEND_EVENTS;

/** Maximum events, and their approximate bytes, that a process keeps in memory for its consumers: the newest ones. */
export const WINDOW_EVENTS = 32 * 1_024;
export const WINDOW_BYTES = 32 * 1_024 * 1_024;

/**
 * Maximum lead of stored facts over the views of the same process. Half the window: facts in flight when the limit is
 * reached still fit in it, so the projector never has to read new events back from the database.
 */
export const VIEW_LEAD_EVENTS = WINDOW_EVENTS / 2;
/** The same, for a log whose positions count bytes. */
export const VIEW_LEAD_BYTES = WINDOW_BYTES / 2;
