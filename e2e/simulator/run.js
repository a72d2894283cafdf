// A test's tool only: it is neither linked into the product nor distributed with it. @cloud-copilot/iam-simulate (AGPL-3.0-or-later) has no program
// of its own; these lines make it one. Each line of stdin is a Simulation as that package documents it; each line of stdout has its decision, or why
// there is none, and the context keys that it left out.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const run = await runSimulation(JSON.parse(line), {})
  const answer = run.resultType === 'error' ? { error: JSON.stringify(run.errors) } : { decision: run.overallResult, ignored: run.result?.ignoredContextKeys }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
