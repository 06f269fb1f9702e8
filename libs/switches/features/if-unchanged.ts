import type { IfMatch } from '../../http/if-match.js';
import type { SwitchEvent } from '../events.js';
import { type Switches, type SwitchScope, switchOf } from '../switches.js';

/**
 * A command about a switch that was changed after its sender had read it changes nothing.
 * @param events of the decision. None: the switch is already as wanted, so that a repeated request succeeds.
 */
export function ifUnchanged(
  state: Switches,
  command: SwitchScope & { ifMatch: IfMatch },
  events: readonly SwitchEvent[],
): readonly SwitchEvent[] {
  if (events.length > 0)
    command.ifMatch.require(switchOf(state, command)?.changedAt ?? 0, `the switch of ${command.action}`);
  return events;
}
