import { describe, expect, it } from '@jest/globals';
import { IsString, MaxLength, MinLength } from 'class-validator';
import { InvalidInput } from '../kernel/errors.js';
import {
  AreEntityIds,
  AreObjects,
  IsDay,
  IsFlag,
  IsInstant,
  IsInteger,
  IsMailbox,
  IsName,
  IsReason,
  IsSet,
} from './field-rules.js';
import { InputPipe } from './input-pipe.js';

class Part {
  @IsName('A name.')
  name!: string;
}

class Order {
  @IsInteger('A number.', 1, 10)
  size!: number;

  @IsName('A name.')
  name!: string;

  @IsString()
  @MinLength(2)
  @MaxLength(4)
  text!: string;

  @IsReason('Why.')
  reason!: string;

  @IsMailbox('An address.')
  email!: string;

  @IsInstant('A time.')
  until!: string;

  @IsDay('A day.')
  day!: string;

  @IsFlag('Whether.')
  daily!: boolean;

  @IsSet(1, 3)
  @AreEntityIds('Accounts.')
  accounts!: string[];

  @AreObjects(Part, 1, 3, 'Parts.')
  parts!: Part[];
}

class Resume {
  @IsReason('Why.')
  reason!: string;
}

async function faults(value: unknown, type: 'body' | 'query', metatype: new () => object) {
  try {
    await new InputPipe().transform(value, { type, metatype });
    return {};
  } catch (error) {
    const { errors } = error as InvalidInput;
    expect(error).toBeInstanceOf(InvalidInput);
    expect(new Set(errors.map(({ field }) => field)).size).toBe(errors.length);
    return Object.fromEntries(errors.map(({ field, message }) => [field, message]));
  }
}

const ALLOWED = {
  ...{ size: 5, name: 'a', text: 'ab', reason: 'why', email: 'ada@example.org', accounts: ['acc-1'], daily: true },
  ...{ until: '2022-05-18T09:00:00Z', day: '2022-05-18' },
};

describe('a field of the wrong type', () => {
  const TYPES = {
    '/size': 'must be an integer number',
    '/name': 'must be a string',
    '/text': 'must be a string',
    '/reason': 'must be a string',
    '/email': 'must be an e-mail address, like ada@example.org',
    '/until': 'must be a time with its offset, like 2022-05-18T09:00:00Z',
    '/day': 'must be a day, like 2022-05-18',
    '/daily': 'must be a boolean value',
    '/accounts': 'must be an array',
    '/parts': 'must be an array',
  };
  const all = (value: unknown) => Object.fromEntries(Object.keys(TYPES).map((pointer) => [pointer.slice(1), value]));

  it('is refused once, with the type that it needs, whatever else it breaks', async () => {
    for (const value of [null, {}, Number.NaN]) expect(await faults(all(value), 'body', Order)).toEqual(TYPES);
    expect(await faults({ size: '10', daily: 'on', accounts: 'acc-1' }, 'body', Order)).toMatchObject({
      '/size': TYPES['/size'],
      '/daily': TYPES['/daily'],
      '/accounts': TYPES['/accounts'],
    });
    expect(await faults({}, 'body', Order)).toEqual({ ...TYPES, '/reason': 'must not be blank: say why' });
  });

  it('is refused among objects, an array in an array too', async () => {
    for (const parts of [[[]], [[{ name: 'a' }]], [{ name: 'a' }, []], [null], ['a']])
      expect(await faults({ ...ALLOWED, parts }, 'body', Order)).toMatchObject({
        '/parts': 'must contain objects only',
      });
    expect(await faults({ ...ALLOWED, parts: [{ name: 'a' }] }, 'body', Order)).toEqual({});
  });

  it('is refused by its other rules if the type is right', async () => {
    expect(await faults({ size: 11, text: 'a', accounts: [], parts: [{ name: 5 }] }, 'body', Order)).toMatchObject({
      '/size': 'must not be greater than 10',
      '/text': 'must be longer than or equal to 2 characters',
      '/accounts': 'must contain at least 1 element',
      '/parts/0/name': 'must be a string',
    });
  });
});

it('says of a missing query parameter where it belongs', async () => {
  expect(await faults({}, 'query', Resume)).toEqual({
    reason: 'must not be blank: say why (a query parameter, not a member of the body)',
  });
  expect(await faults({ reason: ' ' }, 'query', Resume)).toEqual({ reason: 'must not be blank: say why' });
});
