import type { IfMatch } from '../../http/if-match.js';
import type { SwitchEvent } from '../events.js';
import { type Switches, type SwitchScope, switchOf } from '../switches.js';

/**
 * A command about a switch that was changed after its sender had read it changes nothing.
 * @param events of the decision
 */
export function ifUnchanged(
  state: Switches,
  command: SwitchScope & { ifMatch: IfMatch },
  events: readonly SwitchEvent[],
): readonly SwitchEvent[] {
  return command.ifMatch.allow(events, switchOf(state, command)?.changedAt ?? 0, `the switch of ${command.action}`);
}
