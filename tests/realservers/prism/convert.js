// Turn Google's own API documents into one description that Prism reads.
// Use: node convert.js FOLDER_OF_THE_DOCUMENTS FILE_TO_WRITE
const fs = require('fs');
const { convert } = require('google-discovery-to-swagger');

const [folder, file] = process.argv.slice(2);
const wanted = [
  'directory.domains.list',
  'directory.groups.get',
  'directory.members.list',
  'directory.orgunits.list',
  'directory.tokens.list',
  'directory.users.list',
  'licensing.licenseAssignments.listForProductAndSku',
  'reports.activities.list',
  'reports.customerUsageReports.get',
];
const merged = {
  swagger: '2.0',
  info: { title: 'Admin SDK and licences', version: '1' },
  // Without these, bodies are neither sent on nor looked at.
  consumes: ['application/json'],
  produces: ['application/json'],
  paths: {},
  definitions: {},
  parameters: {},
};
for (const name of ['admin.directory_v1', 'admin.reports_v1', 'licensing.v1']) {
  const spec = convert(JSON.parse(fs.readFileSync(`${folder}/${name}.json`)));
  const base = (spec.basePath || '').replace(/\/$/, '');
  for (const [path, item] of Object.entries(spec.paths)) {
    if (!item.get || !wanted.includes(item.get.operationId)) continue;
    const { security, ...get } = item.get;
    merged.paths[base + path] = { get, parameters: item.parameters || [] };
  }
  Object.assign(merged.definitions, spec.definitions);
  Object.assign(merged.parameters, spec.parameters);
}
if (Object.keys(merged.paths).length !== wanted.length) throw new Error('a method is missing');
fs.writeFileSync(file, JSON.stringify(merged));
