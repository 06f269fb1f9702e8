/** The class of the waitlist that is always chosen before every other. Only operators put people into it. */
export const STAFF = 'staff';
/** The one that is never chosen from the line: only a listed cohort onboards its people. Only operators put people into it. */
export const HOLD_OUT = 'hold-out';

export const isReservedClass = (name: string | undefined): boolean => name === STAFF || name === HOLD_OUT;
