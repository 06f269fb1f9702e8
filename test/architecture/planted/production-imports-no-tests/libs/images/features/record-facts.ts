// planted violation
import { database } from '../../../test/support/database.js';

export const facts = database;
