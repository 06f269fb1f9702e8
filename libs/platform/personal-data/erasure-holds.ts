/** Says whose data must not be erased. */
export interface ErasureHolds {
  /**
   * @throws Refusal under-hold
   * @throws NotCaughtUp if it can't be said in time
   */
  refuseHeld(person: string): Promise<void>;
}

/** Nest injection token of ErasureHolds. The preservation context has it, which depends on this one. */
export const ERASURE_HOLDS = Symbol('ErasureHolds');
