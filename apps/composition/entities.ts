import { StoredToken } from '../../libs/http/credentials/stored-token.js';
import { StoredQuarantineEntry } from '../../libs/ingest/stored-quarantine-entry.js';
import type { EntityClass } from '../../libs/platform/database/database.js';
import { StoredPersonKey } from '../../libs/platform/personal-data/stored-person-key.js';

/** Every table that is read and written row by row through TypeORM. */
export const entities: readonly EntityClass[] = [StoredToken, StoredPersonKey, StoredQuarantineEntry];
