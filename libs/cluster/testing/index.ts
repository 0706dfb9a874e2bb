export { faultProxyTo, type FaultProxy } from './fault-proxy.js';
