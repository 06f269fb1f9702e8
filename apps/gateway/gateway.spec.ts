import { Server } from 'node:http';
import { afterEach, expect, it, jest } from '@jest/globals';
import { ApiDocuments } from '../../libs/http/openapi/api-documents.js';
import { startGatehouse } from '../../test/support/gatehouse.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('generates the documents before it listens', async () => {
  const done: string[] = [];
  const { all } = ApiDocuments.prototype;
  jest.spyOn(ApiDocuments.prototype, 'all').mockImplementation(async function (this: ApiDocuments) {
    const documents = await all.call(this);
    done.push('documents');
    return documents;
  });
  const { listen } = Server.prototype;
  jest.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...given: unknown[]) {
    done.push('listens');
    return listen.apply(this, given as Parameters<typeof listen>);
  });
  const gatehouse = await startGatehouse({ background: true });
  await gatehouse.close();
  expect(done).toEqual(['documents', 'listens']);
});
