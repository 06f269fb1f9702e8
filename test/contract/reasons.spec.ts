import { expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { Command, InvalidArgumentError, type Option } from 'commander';
import { catalogue } from '../../apps/composition/catalogue.js';
import { commandsOf, contexts } from '../../apps/contexts.js';
import { apiDescription } from '../../apps/gateway/api-description.js';
import { JoinWaitlist } from '../../libs/waitlist/features/join-waitlist.js';

/* A blank reason explains nothing to those who read the log later. */

const BLANK = ['', ' ', '   ', '\u00a0', '\u2003\u3000', '\u200b', '\u2060\ufeff', '\u2800'];

type Fields = new () => object;

const membersOf = (fields: Fields) =>
  getMetadataStorage()
    .getTargetValidationMetadatas(fields, '', false, false)
    .map(({ propertyName }) => propertyName);

/** The bodies and queries of all routes that have a member `reason`. */
const withReason = apiDescription(catalogue)
  .groups.flatMap(({ controllers }) => controllers)
  .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype).map((method) => [prototype, method] as const))
  .flatMap(([prototype, method]) => (Reflect.getMetadata('design:paramtypes', prototype, method) ?? []) as Fields[])
  .filter((fields) => membersOf(fields).includes('reason'))
  // What a person wants to create is not why somebody did something.
  .filter((fields) => fields !== JoinWaitlist);

const faultsOf = (fields: Fields, reason: string) =>
  validateSync(plainToInstance(fields, { reason })).filter(({ property }) => property === 'reason');

it('has requests with a reason', () => {
  expect(withReason.map(({ name }) => name)).toEqual(expect.arrayContaining(['SuspendAction', 'SuspendAccount']));
  expect(withReason.length).toBeGreaterThan(8);
});

it.each(withReason.map((fields) => [fields.name, fields] as const))('%s refuses a blank reason', (_, fields) => {
  for (const reason of BLANK) expect([reason, faultsOf(fields, reason).length]).toEqual([reason, 1]);
  expect(faultsOf(fields, 'why')).toEqual([]);
});

/** Their reason is one that a list is filtered by, or none of theirs. */
const FILTERS = ['join', 'decisions'];

it('every command that takes a reason refuses a blank one', async () => {
  const program = new Command();
  for (const add of await commandsOf(contexts)) add(program, () => async () => undefined);
  const commands: Command[] = [];
  const visit = (one: Command) => {
    commands.push(one);
    for (const child of one.commands) visit(child);
  };
  visit(program);
  const named = commands.flatMap((one) => [
    ...one.options.filter(({ long }) => long === '--reason').map(({ parseArg }) => [one.name(), parseArg] as const),
    ...one.registeredArguments
      .filter((given) => given.name() === 'reason')
      .map((given) => [one.name(), given.parseArg] as const),
  ]);
  expect(named.length).toBeGreaterThan(8);
  for (const [name, parse] of named.filter(([name]) => !FILTERS.includes(name)))
    for (const reason of BLANK) expect([name, isRefused(parse, reason)]).toEqual([name, true]);
});

function isRefused(parse: Option['parseArg'], reason: string): boolean {
  try {
    parse?.(reason, undefined);
    return false;
  } catch (error) {
    return error instanceof InvalidArgumentError;
  }
}
