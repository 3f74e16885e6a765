// A server of the fediverse with an invented school's accounts: WebFinger, NodeInfo, actors.
// Use: node server.mjs FOLDER_OF_NODE_MODULES PORT HOST, where HOST is the one in "@school@HOST".
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, port, handleHost] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { createFederation, MemoryKvStore } = await load('@fedify/fedify');
const vocab = await load('@fedify/vocab');

const webOrigin = `http://127.0.0.1:${port}`;
const accounts = {
  maplefallshigh: { Kind: vocab.Organization, name: 'Maple Falls High School' },
  'u-1001': { Kind: vocab.Group, name: 'Athletics', username: 'athletics' },
  gone: { Kind: vocab.Tombstone },
};
const federation = createFederation({ kv: new MemoryKvStore(), origin: { handleHost, webOrigin } });
federation
  .setActorDispatcher('/users/{identifier}', (context, identifier) => {
    const account = accounts[identifier];
    if (!account) return null;
    const id = context.getActorUri(identifier);
    if (account.Kind === vocab.Tombstone) return new vocab.Tombstone({ id });
    const preferredUsername = account.username ?? identifier;
    const url = new URL(`/@${preferredUsername}`, webOrigin);
    return new account.Kind({ id, url, preferredUsername, name: account.name });
  })
  .mapHandle((_, username) => {
    const asked = username.toLowerCase();
    const found = Object.entries(accounts).find(([id, one]) => (one.username ?? id) === asked);
    return found ? found[0] : null;
  });
federation.setNodeInfoDispatcher('/nodeinfo/2.1', () => ({
  software: { name: 'maplefalls', version: '1.2.3' },
  protocols: ['activitypub'],
  openRegistrations: false,
  usage: { users: { total: 2 }, localPosts: 0, localComments: 0 },
}));

createServer(async (asked, answer) => {
  if (asked.url === '/') {
    answer.writeHead(200, { 'content-type': 'text/html' });
    return answer.end('<!doctype html><title>Maple Falls</title>');
  }
  const request = new Request(new URL(asked.url, webOrigin), { headers: asked.headers });
  const response = await federation.fetch(request, { contextData: null });
  answer.writeHead(response.status, Object.fromEntries(response.headers));
  answer.end(Buffer.from(await response.arrayBuffer()));
}).listen(Number(port), '127.0.0.1');
