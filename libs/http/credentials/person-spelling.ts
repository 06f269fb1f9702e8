import { type DataSource, Raw, type Repository } from 'typeorm';
import { InvalidInput } from '../../kernel/errors.js';
import { StoredToken } from './stored-token.js';

/** Two creations at once, in whatever processes, must not both find the person new. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('person of a token: ' || lower($1 COLLATE "C"), 7))`;

const ALIKE = (column: string) => `lower(${column} COLLATE "C") = lower(:person COLLATE "C")`;

/**
 * Stores a token of a person, unless only another spelling of the person is known: `Ada` and `ada` would be two actors, so
 * that one person could decide twice. Who has a token already, valid or not, may have more: earlier versions allowed both.
 * @param field that named the person
 * @throws InvalidInput
 */
export const inOneSpelling = (
  dataSource: DataSource,
  person: string,
  field: '/name' | '/person',
  store: (tokens: Repository<StoredToken>) => Promise<void>,
): Promise<void> =>
  dataSource.transaction(async (manager) => {
    await manager.query(LOCK, [person]);
    const tokens = manager.getRepository(StoredToken);
    const known = await tokens.findBy({ person: Raw(ALIKE, { person }) });
    const other = known[0]?.person;
    if (other && known.every((token) => token.person !== person)) {
      const message = `${person} is known as ${other}: use that spelling, since another one is another person`;
      throw new InvalidInput([{ field, message }]);
    }
    await store(tokens);
  });
