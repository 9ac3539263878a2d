# Starts a Jupyter server on a Unix socket inside an environment, and says "ready" when it takes connections.
#
# No configuration is read: what lies in the home or the work directory may be guest code's. Nor is the work directory searched for
# modules: a file random.py there would keep the server from starting.
import os
import sys

work, folder = sys.argv[1:3]
sys.path[:] = [p for p in sys.path if p not in ('', work)]
try:
    from jupyter_server.serverapp import ServerApp
except ModuleNotFoundError as e:
    if (e.name or '').partition('.')[0] != 'jupyter_server':
        raise
    sys.exit(97)
from traitlets.config import Config


class Server(ServerApp):
    def load_config_file(self, *args, **kwargs):
        pass


os.mkdir(folder, 0o700)
config = Config()
# A process that reaches the socket runs as this user, who may do all that the server can.
config.ServerApp.update(
    sock=folder + '/s', sock_mode='0600', token='', password='', disable_check_xsrf=True, allow_root=True, open_browser=False,
    root_dir='/', runtime_dir=folder, terminals_enabled=False, log_level='WARN',
    iopub_msg_rate_limit=0, iopub_data_rate_limit=0)
config.IdentityProvider.token = ''
config.ZMQChannelsWebsocketConnection.limit_rate = False
config.MappingKernelManager.buffer_offline_messages = False
# Sockets in the private folder, out of reach for processes that share the network.
config.KernelManager.transport = 'ipc'
# A kernel that has been interrupted in vain is not asked again.
config.KernelManager.shutdown_wait_time = 0.2
# A kernel that dies is noticed soon, and left dead: the host starts another when it needs one.
config.KernelRestarter.time_to_dead = 0.2
config.KernelRestarter.restart_limit = 0

server = Server.instance(config=config)
server.initialize([], find_extensions=False)
print('ready', flush=True)
server.start()
