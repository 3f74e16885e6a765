// A Bluesky network of invented accounts on loopback: directory, personal data server, AppView.
// Use: node network.mjs FOLDER, with DB_POSTGRES_URL, DB_POSTGRES_SCHEMA, REDIS_HOST and TMPDIR set.
// Says {"url": AppView, "dids": {name: DID}} in one line when it is ready; for every line that it
// is told, "changed", it lets the accounts change and says the same again.
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const DISTRICT = 'maplefalls.example';
const HIDDEN = {
  $type: 'com.atproto.label.defs#selfLabels',
  values: [{ val: '!no-unauthenticated' }],
};
const PROFILES = {
  mfhigh: {
    displayName: 'Maple Falls High School',
    description: 'Home of the Herons. Write to ida.marsh@maplefalls.example',
    website: 'https://maplefalls.example/high',
  },
  mfdistrict: { displayName: 'Maple Falls Schools' },
  mfathletics: { displayName: 'Maple Falls Athletics' },
  mflibrary: { displayName: 'Maple Falls Library' },
  mfband: { displayName: 'Maple Falls Band' },
  mfdrama: { displayName: 'Maple Falls Drama' },
  mfart: { displayName: 'Maple Falls Art' },
  mfchess: { displayName: 'Maple Falls Chess' },
  mfquiet: { displayName: 'A quiet account', labels: HIDDEN },
  mfnews: { displayName: 'Maple Falls News' },
  mfverifier: { displayName: 'A verifier' },
  mfbare: null, // an account without a profile
};
for (let number = 10; number < 36; number++) {
  PROFILES[`mfclub${number}`] = { displayName: `Maple Falls Club ${number}` };
}

const main = `${process.argv[2]}/node_modules/@atproto/dev-env/dist/index.js`;
const { TestNetwork } = await import(pathToFileURL(main));
const network = await TestNetwork.create({ bsky: {}, pds: { hostname: 'localhost' } });
const { pds, bsky } = network;
const manager = pds.ctx.accountManager;
const sites = new Map();
const dids = {};
const people = {};

function ask(port, host, path) {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, headers: { host } }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        resolve(new Response(Buffer.concat(pieces), { status: answer.statusCode }));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

// Handles are proven by /.well-known/atproto-did only: of the server of accounts, or of a site.
for (const { handle } of [pds.ctx.idResolver, bsky.ctx.idResolver, bsky.dataplane.idResolver]) {
  delete handle.resolve;
  handle.resolveDns = async () => undefined;
  handle.resolveDnsBackup = async () => undefined;
  handle.fetch = async (url) => {
    const { hostname, pathname } = new URL(url);
    if (sites.has(hostname)) return new Response(sites.get(hostname));
    if (!hostname.endsWith('.test')) return new Response('no such site', { status: 404 });
    return ask(pds.port, hostname, pathname);
  };
}

async function join(name, handle, profile) {
  const agent = pds.getAgent();
  const asked = { handle, email: `${name}@mail.test`, password: 'Correct-horse-9' };
  const { data } = await agent.createAccount(asked);
  dids[name] = data.did;
  people[name] = agent;
  if (profile) await write(name, 'app.bsky.actor.profile', profile, 'self');
}

async function write(name, collection, fields, rkey) {
  const record = { $type: collection, createdAt: '2024-02-14T03:04:05.000Z', ...fields };
  const repo = dids[name];
  await people[name].com.atproto.repo.putRecord({ repo, collection, rkey, record });
}

async function open() {
  for (const [name, profile] of Object.entries(PROFILES)) {
    await join(name, `${name}.test`, profile);
  }
  await network.processAll();
  sites.set(DISTRICT, dids.mfdistrict);
  // Not by way of updateHandle, which takes no names under .example.
  await manager.plcClient.updateHandle(dids.mfdistrict, manager.plcRotationKey, DISTRICT);
  await manager.updateAccountHandle(dids.mfdistrict, DISTRICT);
  const rows = bsky.db.db.updateTable('actor').set({ trustedVerifier: true });
  await rows.where('did', '=', dids.mfverifier).execute();
  const { displayName } = PROFILES.mfnews;
  const confirmed = { subject: dids.mfnews, handle: 'mfnews.test', displayName };
  await write('mfverifier', 'app.bsky.graph.verification', confirmed, '3kldqwxyz2s2a');
}

async function change() {
  await people.mfathletics.updateHandle({ handle: 'mfherons.test' });
  await network.processAll(); // else the AppView may take the old name from both
  await join('stranger', 'mfathletics.test', { displayName: 'Somebody else' });
  await people.mflibrary.com.atproto.server.deactivateAccount({});
  const subject = { $type: 'com.atproto.admin.defs#repoRef', did: dids.mfband };
  const asked = { subject, takedown: { applied: true, ref: 'spam' } };
  const options = { headers: pds.adminAuthHeaders(), encoding: 'application/json' };
  await pds.getAgent().com.atproto.admin.updateSubjectStatus(asked, options);
  await bsky.ctx.dataplane.takedownActor({ did: dids.mfdrama, ref: 'spam' });
  const marked = { uri: dids.mfart, cid: '', val: '!suspend', neg: false, exp: null };
  const { modServiceDid: src } = bsky.ctx.cfg;
  const labels = bsky.db.db.insertInto('label');
  await labels.values({ ...marked, src, cts: new Date().toISOString() }).execute();
  await write('mfquiet', 'app.bsky.actor.profile', { displayName: 'Not quiet now' }, 'self');
  await pds.getAgent().com.atproto.admin.deleteAccount({ did: dids.mfchess }, options);
  sites.clear();
  await pds.ctx.sequencer.sequenceIdentity(dids.mfdistrict, DISTRICT);
}

async function tell() {
  await network.processAll();
  process.stdout.write(`${JSON.stringify({ url: `http://localhost:${bsky.port}`, dids })}\n`);
}

await open();
await tell();
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'changed') throw new Error(`unknown: ${line}`);
  await change();
  await tell();
}
process.exit(0);
