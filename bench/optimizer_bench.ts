import { fusableUpdate } from "../core/engine/fusable.ts";
import { benchRoutes } from "./routes.ts";

const [learningRate, beta1, beta2, epsilon, weightDecay] = [1e-4, 0.9, 0.999, 1e-8, 0.01];
const [correction1, correction2, gradientScale] = [1 - beta1 ** 10, 1 - beta2 ** 10, 1];
const attributes = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale };

for (const count of [16384, 1 << 20]) {
  benchRoutes({
    group: `adamStep ${count}`,
    inputs: (random) => [0, 1, 2, 3].map((i) => i === 2 ? random.uniform([count]) : random.normal([count])),
    run: (parameter, first, second, gradient) =>
      fusableUpdate("adamStep", [parameter!, first!, second!], [gradient], attributes, () => {
        const m = first!.mul(beta1).add(gradient!.mul(1 - beta1));
        const v = second!.mul(beta2).add(gradient!.square().mul(1 - beta2));
        const direction = m.div(correction1).div(v.div(correction2).sqrt().add(epsilon));
        return [parameter!.mul(1 - learningRate * weightDecay).sub(direction.mul(learningRate)), m, v];
      }),
    reference: count <= 65536,
  });
}
