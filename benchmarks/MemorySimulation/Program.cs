using Sleigh.Benchmarks.MemorySimulation;

return SimulationCommand.Build(Console.Out).Parse(args).Invoke();
