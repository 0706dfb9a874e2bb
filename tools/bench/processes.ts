import { readFileSync } from 'node:fs';

/** CPU time of the process since it began, over all threads. It measures the cost of work even on a busy machine. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The peak memory of the process. */
export function peakMb(pid: number): number {
  return megabytes(pid, 'VmHWM');
}

export function residentMb(pid: number): number {
  return megabytes(pid, 'VmRSS');
}

function megabytes(pid: number, field: string): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
