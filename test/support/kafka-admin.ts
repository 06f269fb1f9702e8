import kafkajs, { type Admin } from 'kafkajs';

/** Administrative requests to a broker that our own client does not need. */
export async function kafkaAdmin(bootstrap: string): Promise<Admin> {
  const admin = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return admin;
}
