import { EventStoreDBClient } from '@eventstore/db-client';

export const connect = EventStoreDBClient.connectionString;
