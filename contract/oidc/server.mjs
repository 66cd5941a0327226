// A login server (oidc-provider) and, below /api, the two operations of the Compute API that a
// login needs. It prints its address, and ends when its standard input does.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const SCOPES = ['openid', 'offline_access', 'api-access', 'profile', 'email'];

const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'compute',
      token_endpoint_auth_method: 'none',
      grant_types: [DEVICE_CODE, 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: 'nightly',
      client_secret: 's3cret: of a program',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  interactions: { url: () => '/unused' },
  rotateRefreshToken: true,
  scopes: SCOPES,
  // Seconds. A client takes a token for expired 5 s before.
  ttl: { AccessToken: 7, ClientCredentials: 7, DeviceCode: 60, Grant: 600, RefreshToken: 600 },
});

// oidc-provider checks PKCE for authorization codes only.
const challenges = new Map();
provider.use(async (ctx, next) => {
  await next();
  const { route, body: form } = ctx.oidc ?? {};
  if (ctx.status !== 200) return;
  if (route === 'device_authorization') {
    challenges.set(ctx.body.device_code, form);
  } else if (route === 'token' && form.grant_type === DEVICE_CODE && !isProven(form)) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'the code verifier is wrong' };
  }
});

function isProven(form) {
  const begun = challenges.get(form.device_code);
  const hash = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
  return begun?.code_challenge_method === 'S256' && begun.code_challenge === hash;
}

const oidc = provider.callback();

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

// What a person does in a browser: log in, and let the device in.
async function approve(userCode) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''));
  const grant = new provider.Grant({ accountId: 'ada', clientId: code.clientId });
  grant.addOIDCScope(code.params.scope);
  Object.assign(code, {
    accountId: 'ada',
    authTime: Math.floor(Date.now() / 1000),
    grantId: await grant.save(),
    scope: code.params.scope,
  });
  await code.save();
}

async function isAuthorised(request) {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
}

async function handle(request, response) {
  const url = new URL(request.url, issuer);
  switch (url.pathname) {
    case '/approve':
      await approve(url.searchParams.get('user_code'));
      return answer(response, 200, {});
    case '/api/auth_config':
      return answer(response, 200, {
        audience: 'compute-api',
        client_id: 'compute',
        well_known_endpoint: `${issuer}/.well-known/openid-configuration`,
      });
    case '/api/members': {
      if (!(await isAuthorised(request))) return answer(response, 401, { detail: 'Unauthorized' });
      const member = { id: 17, team_id: 1, user_id: 3, role: 'member', is_active: true };
      return answer(response, 200, { items: [member], total: 1, page: 1, size: 50, pages: 1 });
    }
    default:
      return oidc(request, response);
  }
}

server.on('request', (request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
process.stdin.resume().on('close', () => process.exit(0));
console.log(issuer);
