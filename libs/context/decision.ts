import { Inject, type Type } from '@nestjs/common';
import { Command, CommandBus, CommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../event-store/transact.js';
import { type CommandResult, commandResult } from '../event-store/write-result.js';
import type { IfMatch } from '../http/if-match.js';
import { type WriteReceipt, writeReceipt } from '../http/write-receipt.js';
import type { Clock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import type { StreamKind } from '../kernel/decider.js';
import type { DomainEvent, Position } from '../kernel/envelope.js';
import type { Ids } from '../kernel/ids.js';
import { CLOCK, IDS } from '../platform/ports.js';

/**
 * A command whose fields are the body of its route. Other values (the caller, the id in the path) are declared
 * with `declare`, so that no body can contain them, and `with` adds them.
 */
export abstract class RequestCommand<Result = CommandResult> extends Command<Result> {
  declare readonly context: CommandContext;

  with(others: Partial<this> & { context: CommandContext }): this {
    return Object.assign(this, others);
  }
}

/** A command that edits what its sender has read before; its route has `@Edits` and passes the `@Condition()`. */
export abstract class EditCommand<Result = CommandResult> extends RequestCommand<Result> {
  /** Absent from a command that is no request. */
  declare readonly ifMatch?: IfMatch;
}

type Decide<Given, State, Event> = (state: State, command: Given, now: number, newId: string) => readonly Event[];

/**
 * The handler of a command that one stream decides: load, decide, append.
 * @param decide `now` is in epoch milliseconds; `newId` is another one for each command
 * @param id the entity's id; absent if the kind has a single stream
 */
export function decisionHandler<Given extends RequestCommand, State, Event extends DomainEvent>(
  command: Type<Given>,
  stream: StreamKind<State, Event>,
  decide: Decide<Given, State, Event>,
  id?: (command: Given) => string,
): Type<{ execute(command: Given): Promise<CommandResult> }> {
  return handlerOf(command, stream, id, () => decide);
}

/** What a command edits. */
export interface Edited<Given, State> {
  /** Its name in the refusal of a change that did not know it. */
  what(command: Given): string;
  /** The entity's id; absent if the kind has a single stream. */
  id?(command: Given): string;
  /** The position of its last change, 0 for none; by default that of the stream. */
  changedAt?(state: State, command: Given): Position;
}

/** As `decisionHandler`, for an edit: it changes nothing if there was a change that its `If-Match` does not know. */
export function editHandler<Given extends EditCommand, State, Event extends DomainEvent>(
  command: Type<Given>,
  stream: StreamKind<State, Event>,
  { what, id, changedAt }: NoInfer<Edited<Given, State>>,
  decide: Decide<Given, State, Event>,
): Type<{ execute(command: Given): Promise<CommandResult> }> {
  return handlerOf(command, stream, id, (streamChangedAt) => (state, given, ...rest) => {
    const events = decide(state, given, ...rest);
    const place = changedAt ? changedAt(state, given) : streamChangedAt;
    return given.ifMatch ? given.ifMatch.allow(events, place, what(given)) : events;
  });
}

function handlerOf<Given extends RequestCommand, State, Event extends DomainEvent>(
  command: Type<Given>,
  stream: StreamKind<State, Event>,
  id: ((command: Given) => string) | undefined,
  decideSince: (streamChangedAt: Position) => Decide<Given, State, Event>,
): Type<{ execute(command: Given): Promise<CommandResult> }> {
  @CommandHandler(command)
  class DecisionHandler {
    constructor(
      @Inject(Transactor) private readonly transactor: Transactor,
      @Inject(CLOCK) private readonly clock: Clock,
      @Inject(IDS) private readonly ids: Ids,
    ) {}

    async execute(given: Given): Promise<CommandResult> {
      const newId = this.ids.next();
      return commandResult(
        await this.transactor.transact(stream, id?.(given), given.context, (state, _, changedAt) =>
          decideSince(changedAt)(state, given, this.clock.now(), newId),
        ),
      );
    }
  }
  return DecisionHandler;
}

/** A controller whose route executes a command and answers with its write receipt. */
export abstract class CommandRoute {
  constructor(@Inject(CommandBus) protected readonly commands: CommandBus) {}

  protected async receipt(command: Command<CommandResult>): Promise<WriteReceipt> {
    return writeReceipt(await this.commands.execute(command));
  }
}
