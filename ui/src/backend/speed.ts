// The last two minutes of sending speed, for the small graph in the panel.
import { create } from "zustand";

const SAMPLES_MAX = 120;
const SAMPLE_MS = 1000;

export const useSpeed = create<{ samples: readonly number[]; sampledAt: number }>(() => ({
  samples: [],
  sampledAt: Number.NEGATIVE_INFINITY,
}));

export function sampleSpeed(bytesPerSecond: number, now: number) {
  useSpeed.setState(({ samples, sampledAt }) =>
    now - sampledAt < SAMPLE_MS
      ? {}
      : { samples: [...samples.slice(1 - SAMPLES_MAX), bytesPerSecond], sampledAt: now },
  );
}
