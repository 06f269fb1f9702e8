import { RequestCommand } from '../../context/decision.js';
import { ACCOUNTS_PER_EVENT } from '../../events/schemas.js';
import { IfGiven, IsCursor, IsInteger } from '../../http/field-rules.js';

/**
 * A command about people of the waitlist, a part of them at a time.
 * @param size people of a part if the command doesn't say how many
 */
export function partCommand<Answer>(size: number) {
  abstract class PartCommand extends RequestCommand<Answer> {
    @IfGiven()
    @IsInteger(`People of a part: ${size} by default.`, 1, ACCOUNTS_PER_EVENT)
    limit?: number;

    @IfGiven()
    @IsCursor('The `nextCursor` of the part before.')
    cursor?: string;
  }
  return PartCommand;
}
