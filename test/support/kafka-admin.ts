import kafkajs, { type Admin } from 'kafkajs';

/** Asks and tells a broker what our own client has no need to. */
export async function kafkaAdmin(bootstrap: string): Promise<Admin> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return admin;
}
