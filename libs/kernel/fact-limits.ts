/**
 * The limits of the queues that a reported fact passes on its way into the log and on to the views, in that order.
 * docs/path-of-a-fact.md draws the way. Each is set by the one it must not exceed.
 */

/** More events than this are parsed, or encoded, in a turn of the event loop of their own; fewer count as a decision. */
export const FEW_EVENTS = 32;

/**
 * Events that one append carries at the most: what a lane gives at once, and what the queue sends in one statement. Small
 * enough that two are under way if several lanes write: one is encoded while the other commits.
 */
export const APPEND_EVENTS = 1_000;

/** Streams that one append carries at the most: the decisions of as many callers go in one commit. */
export const APPEND_WRITES = 256;

/** Facts that wait for a lane's turn. With more its callers are refused, or a slow store would fill the memory. */
export const LANE_WAITING = 20 * APPEND_EVENTS;

/** The newest events that a process keeps for its consumers, at about the memory that follows. */
export const WINDOW_EVENTS = 32 * 1_024;
export const WINDOW_BYTES = 32 * 1_024 * 1_024;

/**
 * How far facts may be stored ahead of the views of the same process: half the window, so that what is under way when the
 * limit is reached still finds room in it, and the projector never has to read back what was just stored.
 */
export const VIEW_LEAD_EVENTS = WINDOW_EVENTS / 2;
/** The same if positions of the log count bytes. */
export const VIEW_LEAD_BYTES = WINDOW_BYTES / 2;
