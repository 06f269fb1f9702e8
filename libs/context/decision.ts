import { Inject, type Type } from '@nestjs/common';
import { Command, CommandBus, CommandHandler } from '@nestjs/cqrs';
import { Transactor } from '../event-store/transact.js';
import { type CommandResult, commandResult } from '../event-store/write-result.js';
import { type WriteReceipt, writeReceipt } from '../http/write-receipt.js';
import type { Clock } from '../kernel/clock.js';
import type { CommandContext } from '../kernel/command-context.js';
import type { StreamKind } from '../kernel/decider.js';
import type { DomainEvent } from '../kernel/envelope.js';
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

/**
 * The handler of a command that one stream decides: load, decide, append.
 * @param decide `now` is in epoch milliseconds; `newId` is another one for each command
 * @param id the entity's id; absent if the kind has a single stream
 */
export function decisionHandler<Given extends RequestCommand, State, Event extends DomainEvent>(
  command: Type<Given>,
  stream: StreamKind<State, Event>,
  decide: (state: State, command: Given, now: number, newId: string) => readonly Event[],
  id?: (command: Given) => string,
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
        await this.transactor.transact(stream, id?.(given), given.context, (state) =>
          decide(state, given, this.clock.now(), newId),
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
