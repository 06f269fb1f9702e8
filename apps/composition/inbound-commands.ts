import type { CommandBus } from '@nestjs/cqrs';
import { inboundCommands as accountCommands } from '../../libs/account/index.js';
import type { EventDefinition } from '../../libs/events/event-definition.js';
import type { InboundCommand } from '../../libs/ingest/ingest.js';
import { inboundCommands as reviewCommands } from '../../libs/review/index.js';
import { inboundCommands as rolloutCommands } from '../../libs/rollout/index.js';
import { inboundCommands as waitlistCommands } from '../../libs/waitlist/index.js';

/** Events of other systems that are taken as commands; every other event that is taken is a fact. */
export const inboundCommands = (commands: CommandBus): InboundCommand[] => [
  ...waitlistCommands(commands),
  ...accountCommands(commands),
  ...rolloutCommands(commands),
  ...reviewCommands(commands),
];

/** No command is given here; only what there is for is asked. */
const commandTypes = new Set(inboundCommands({} as CommandBus).map(({ type }) => type));

/** Whether the doors take events of this type. */
export const isTaken = (definition: EventDefinition): boolean =>
  definition.fact !== undefined || commandTypes.has(definition.type);
