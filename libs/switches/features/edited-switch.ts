import { type Switches, type SwitchScope, switchOf } from '../switches.js';

/** What commands about a switch edit. */
export const SWITCH = {
  what: ({ action }: SwitchScope) => `the switch of ${action}`,
  changedAt: (state: Switches, scope: SwitchScope) => switchOf(state, scope)?.changedAt ?? 0,
};
