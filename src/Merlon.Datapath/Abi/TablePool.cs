namespace Merlon.Datapath.Abi;

/// <summary>Which connection table a pool is of: <c>merlon_pool_of</c>, index of map <c>pools</c>.</summary>
public enum TablePool { Half4 = 0, Half6 = 1, Conn4 = 2, Conn6 = 3, Count = 4 }
