// Two cores: what these tests time and count must not meet the VMs of another class.
[assembly: Xunit.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
