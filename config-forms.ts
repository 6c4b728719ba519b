/** What single texts of the configuration look like. Each refuses now what AWS, Nomad or an app would refuse during an `up`. */
import { parseCidr } from "./components/cidr";

/** Judges a text; a regular expression is one. */
export interface Form {
  test(text: string): boolean;
}

/**
 * A text that an app shows. The apps take 1 to 1,000 characters (`apps/<app>/src/env.ts`). No environment variable holds NUL, UTF-8
 * has no half of a surrogate pair, Nomad replaces `${name}` in variables, and a blank text would prove nothing of the page.
 */
export const SHOWN_TEXT = /^(?=[^]*\S)(?![^]*\$\{)[^\p{Cc}\p{Cs}]{1,1000}$/u;

/** Family and size. Hosts are x86-64, so no Graviton: these have a `g` behind the generation, as in t4g, c7gn and im4gn. */
export const INSTANCE_TYPE =
  /^(?!a1\.|[a-z]+\d+[a-z]*g[a-z]*\.)[a-z]+[a-z-]*\d[a-z0-9-]*\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)$/;

/** Kinds of key that EC2 imports, with as much of them as tells that nothing was cut off. */
export const PUBLIC_KEY =
  /^(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}|ssh-rsa AAAAB3NzaC1yc2EAAAA[A-Za-z0-9+/]{180,}={0,2})( [^\n]*)?$/;

/** `[domain[:port]/]path[:tag][@digest]` with a tag, a digest or both: the grammar of registries, as Docker reads it. */
export const IMAGE =
  /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;

export const RELEASES_URL = url(/^https?:\/\/[A-Za-z0-9][A-Za-z0-9._~:/%-]*$/);
export const HTTPS_ADDRESS = url(/^https:\/\/[^/\s?#@]+$/);

/** Labels of at most 63 characters; the last one is letters, or `xn--...`. */
export const DOMAIN_NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$/;

export const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/\S+$/;
/** CloudWatch's alarms reach no topic of the kind FIFO. */
export const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/;
export const DATACENTER = /^[a-z][a-z0-9-]{0,15}$/;
export const POOL_NAME = /^[a-z][a-z0-9-]{0,15}$/;
export const SHA256 = /^[0-9a-f]{64}$/;
export const VERSION = /^\d+\.\d+\.\d+$/;
export const OWNER = /^(self|amazon|aws-marketplace|\d{12})$/;

export const CIDR: Form = { test: (text) => parseCidr(text) !== undefined };

/** Room for sixteen subnets, at addresses that a network can have: not this host's, loopback, link-local or multicast. */
export const VPC_CIDR: Form = {
  test: (text) => {
    const cidr = parseCidr(text);
    return (
      cidr !== undefined && cidr.prefix >= 16 && cidr.prefix <= 22 && !/^(0|127|169\.254|22[4-9]|2[345]\d)\./.test(text)
    );
  },
};

/** What the pattern lets through may still be no URL: a port has a largest number. */
function url(pattern: RegExp): Form {
  return { test: (text) => pattern.test(text) && URL.canParse(text) };
}
