import { readFileSync } from 'node:fs';

/** Of the process since it began, all threads: says what work costs, also on a machine that others use. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most memory that the process ever had. */
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
