import { removeTestServer } from './test-server-directory.mjs';

export default async function tearDown() {
  await removeTestServer(process.env.GATEHOUSE_TEST_SERVER);
}
