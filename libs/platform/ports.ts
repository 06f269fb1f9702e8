/** Nest injection tokens for interfaces: `@Inject(CLOCK) clock: Clock`. */
export const SETTINGS = Symbol('Settings');
export const CLOCK = Symbol('Clock');
export const IDS = Symbol('Ids');
export const LOGGER = Symbol('Logger');
export const EVENT_STORE = Symbol('EventStore');
export const AUDIT = Symbol('Audit');
/** The pg.Pool of the read models. */
export const POOL = Symbol('Pool');
