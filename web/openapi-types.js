// Writes src/lib/openapi.ts from the server's document, docs/openapi.json: `npm run types`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const document = JSON.parse(readFileSync(at('../docs/openapi.json'), 'utf8'));
// Names of operations are not needed here, and a name that two of them share would be declared twice.
for (const methods of Object.values(document.paths)) for (const operation of Object.values(methods)) if (operation && typeof operation === 'object') delete operation.operationId;
const header = '// Made by openapi-types.js from docs/openapi.json; not edited by hand.\n\n';
writeFileSync(at('src/lib/openapi.ts'), header + astToString(await openapiTS(document)));
