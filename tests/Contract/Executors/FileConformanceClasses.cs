using Glovebox.Tests.Common.Contract.Files;

namespace Glovebox.Tests.Contract.Executors;

public sealed class BubblewrapFileOperations(BubblewrapFiles fixture) : FileOperationConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class LocalFileOperations(LocalFiles fixture) : FileOperationConformance(fixture), IClassFixture<LocalFiles>;

public sealed class BubblewrapFileContents(BubblewrapFiles fixture) : FileContentConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class LocalFileContents(LocalFiles fixture) : FileContentConformance(fixture), IClassFixture<LocalFiles>;

public sealed class BubblewrapFullDisk(BubblewrapFiles fixture) : FullDiskConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class BubblewrapFileTrees(BubblewrapFiles fixture) : FileTreeConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class LocalFileTrees(LocalFiles fixture) : FileTreeConformance(fixture), IClassFixture<LocalFiles>;

public sealed class BubblewrapFileWatches(BubblewrapFiles fixture) : FileWatchConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class LocalFileWatches(LocalFiles fixture) : FileWatchConformance(fixture), IClassFixture<LocalFiles>;

public sealed class BubblewrapFileServices(BubblewrapFiles fixture) : FileServiceConformance(fixture), IClassFixture<BubblewrapFiles>;

public sealed class LocalFileServices(LocalFiles fixture) : FileServiceConformance(fixture), IClassFixture<LocalFiles>;

public sealed class BubblewrapFileRights(BubblewrapFiles fixture) : FileRightsConformance(fixture), IClassFixture<BubblewrapFiles>;
