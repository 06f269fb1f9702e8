// planted violation
import { EventStoreDBClient } from '@eventstore/db-client';

export const open = EventStoreDBClient.connectionString;
