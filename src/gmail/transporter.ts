import { OAuth2Client } from 'google-auth-library';

/** The transporter of Google's auth library, which knows proxies. It follows no redirect. */
export function createTransporter() {
  return new OAuth2Client({ transporterOptions: { redirect: 'manual', noProxy: ['localhost', '127.0.0.1'] } })
    .transporter;
}
