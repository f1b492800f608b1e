"""Words of Chinese office forms that the code matches: tables only, no rules. Form labels are not among them: those are
configuration.

In: nothing. Out: frozen tables. All words stand folded (`text.fold`). Sources: facts/documents.md §4-5, facts/users.md
§2; the surnames are the first hundred of the household register of 2020 and those frequent in southern Fujian.
Must not: hold a name, a number or a unit of a particular notice.
"""

from typing import Final


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


def _list(table: str) -> tuple[str, ...]:
    return tuple(table.split())


# Labels of other people's forms. They own their neighbour, so that it is not taken for the value of a label of ours.
FOREIGN_LABELS: Final = _words(
    "序号 编号 备注 说明 附注 其他 其它 签名 签字 签章 盖章 公章 微信 微信号 微信号码 qq qq号 qq号码"
    " 身份证 身份证号 身份证号码 证件号 证件号码 证件类型 民族 籍贯 年龄 出生年月 出生日期 政治面貌 学历"
    " 学位 职称 工号 照片 邮编 邮政编码 科室 部门 所在部门 所在科室 填表人 填报人 制表人 制表 报送人"
    " 审核人 审批人 审核 复核人 校对人 负责人签字 领导签字 单位负责人 主要负责人 主要领导 分管领导"
    " 分管负责人 分管副职 负责人 带队领导 带队人 领队 填表日期 填报日期 填表时间 填报时间 报送日期"
    " 报送时间 上报时间 日期 时间 年月日 活动时间 活动地点 活动名称 参加人数 参与人数 人数 车牌号 车牌号码"
    " 车牌 家庭电话 家庭住址 家庭地址 住址 紧急联系人 紧急联系电话 紧急电话 备用电话 备用手机 备用联系人"
    " 银行账号 开户行 开户银行 网址 网站 单位网址 单位性质 单位类别 单位类型 单位意见 领导意见 审核意见"
    " 审批意见 社会信用代码 统一社会信用代码 节目类型 节目形式 节目时长 时长 演员人数 演出人数 节目负责人"
    " 指导老师 序列 项目 内容 填写内容 填报内容 栏目 填写说明 要求 填写要求 是否参加 参会人员 房间 住宿"
    " 是否住宿 用餐 传真机 健康状况 特长 爱好 工作年限 入党时间 任职时间 主管部门 上级部门 所属系统 行业"
    " 行政区划 短号 内线 分机 分机号 附件"
)

# Those of them that never stand within a free text: 节目概况：…，身份证号码：… ends before the second.
PERSONAL_LABELS: Final = _words(
    "微信 微信号 微信号码 qq qq号 qq号码 身份证 身份证号 身份证号码 证件号 证件号码 民族 籍贯 年龄 出生年月 出生日期"
    " 政治面貌 学历 邮编 邮政编码 科室 部门 所在部门 所在科室 填表人 填报人"
)

# A short text without digits that ends so is a label of some form, even if the table above lacks it.
LABEL_TAILS: Final = _list(
    "号码 电话 手机 传真 邮箱 邮件 地址 住址 编码 名称 日期 年月 面貌 签字 签名 盖章 意见 代码 账号 姓名"
    " 性别 职务 职称 网址 人数 时长 类型 类别 性质 概况 简介"
)

# Words before a label that make it another person's: 紧急联系人 is not the 联系人.
FOREIGN_HEADS: Final = _list(
    "紧急 备用 家庭 分管 主要负责 单位负责 法人 法定代表人 上级 主管 填表 填报 制表 审核 审批 复核 带队"
    " 节目负责 家长 配偶 监护"
)

# Role headings over a group of labels. Those that name the person asked for are told from the form's own words.
ROLE_HEADINGS: Final = _list(
    "分管领导 主要领导 主要负责人 分管负责人 单位负责人 负责人 领导 责任人 联络员 联络人 联系人 信息员"
    " 安全员 填表人 填报人 审核人 经办人 组长 副组长 领队 带队 局长 副局长 镇长 副镇长 书记 主任"
    " 备用"
)

# Labels that stand in mail signatures and under circulars: alone they make no form.
SIGNATURE_LABELS: Final = _words("联系人 联络人 联系人姓名 经办人 发件人 寄件人 报送人 填报人 填表人 签发人")

# What stands in the title of any table; what is left of a title says what the table is about.
TITLE_WORDS: Final = _list(
    "信息 情况 基本 人员 个人 名单 名册 花名册 登记 统计 汇总 汇总表 明细 一览 反馈 报送 上报 填报 申报 回执 台账 通讯录 附件"
)
TITLE_TAILS: Final = _list("表 名单 名册 台账 通讯录 回执 一览 登记卡")

# What any campaign's title may say besides its subject; longer words are taken out first.
OCCASION_WORDS: Final = _list(
    "工作 活动 宣传 开展 举办 联合 参加 参与 主题 专项 系列 现场 主会场 全国 全省 全市 全县 全区 全镇 本 我 各 年度 上半年 下半年"
    " 年 月 日 第 届 个 次 季度 关于 报送 提交 有关 相关 单位 部门 成员 系统 企业 学校 行业 责任 办公 对接 以及 及其 新 最新 更正"
    " 更新 变更 补充 修改 修订 调整 定稿 终稿 最终 正式 最新版 版本 版 副本 复件 已填 填好 填写 盖章 扫描 签字 打印 电子 文档 文件"
    " 表格 材料 资料 表 附 份 人 样表 模板 空白 意见 联络 联系 工作人员 单独 正本 复印 原件 主办 协办 承办 内容 概况 新建"
    " 微软 工作表 和 与 的 及 之 等 共 版 元 月份 号"
)
# Ends of a unit's name in a title; a bare 会 is not among them: 运动会, 推进会.
TITLE_UNITS: Final = _list(
    "人民政府 政府 街道 办事处 委员会 管委会 居委会 村委会 联合会 协会 商会 学会 工会 妇联 党委 工委 党组 支部 办公室 党政办 安办"
    " 安委办 安委会 共青团 公司 集团 中心 大队 支队 总队 中队 分局 局 镇 乡 村 社区 医院 法院 检察院 学院 院 中学 小学 大学"
    " 幼儿园 银行 支行 分行"
    " 厂 站 所 部 科 室 办 委 市 区 县 省"
)

# First cells of an example row.
SAMPLE_MARKS: Final = _words("例 例如 如 示例 样例 范例 举例 填写示例 填写样例 填写范例 填报示例 例子 样表 示范")

# First cells of a row that sums up the people above it.
TOTALS: Final = _words("合计 总计 小计 共计 总数 合计人数 总人数 人数合计 累计")

# Nothing given (facts/documents.md §5). Dashes and slashes are matched by pattern.
NOTHING: Final = _words(
    "无 暂无 没有 暂没有 空 略 n/a na none null nil 无传真 没有传真 暂无传真 无邮箱 未设 未配备 未安装 暂缺 x \u00d7"
)
# What points at the cell above; 同手机 points at another field of the same person.
DITTO_ABOVE: Final = _words("同上 同前 见上 如上 \u3003 \u2032\u2032 同上栏 同上行 与上同")
DITTO: Final = _words(
    "同上 同前 同左 同右 见上 如上 \u3003 \u2032\u2032 同上栏 同上行 与上同 同办公电话 同手机 同联系电话 同单位电话 同单位 同座机"
)

# What is registered stays: an answer to a letter of ours, never a value.
UNCHANGED: Final = _words(
    "不变 没变 未变 照旧 同原 同原来 原样 不改 不用改 无需改 暂不改 暂时不改 不更改 不变更 不变动 未变动 无变动"
    " 没变动 没有变动 无变化 没变化 没有变化 未变化 无变更 没有变更 未变更 维持不变 保持不变 维持原样 不作变动"
    " 不做变动 不作更改 不做更改 与原来一致 与原来相同 和原来一样 跟原来一样 与之前一致 和之前一样"
)

POSITIONS: Final = _words(
    "科员 干部 干事 主任 副主任 局长 副局长 科长 副科长 镇长 副镇长 乡长 副乡长 书记 副书记 所长 副所长"
    " 站长 副站长 队长 副队长 大队长 副大队长 中队长 经理 副经理 总经理 副总经理 主席 副主席 处长 副处长"
    " 股长 副股长 部长 副部长 院长 副院长 校长 副校长 园长 委员 组织委员 宣传委员 武装部长 办事员 工作人员"
    " 职员 专员 主管 组长 副组长 班长 秘书 会计 出纳 安全员 联络员 信息员 网格员 负责人 四级主任科员"
    " 三级主任科员 二级主任科员 一级主任科员 一级科员 二级科员 主任科员 副主任科员 调研员 助理 工程师 教师"
    " 医生 护士 民警 辅警 警员 教导员 指导员 政委 参谋 文员 技术员 法官 检察官 专责 班员 会长 秘书长"
    " 理事长 董事长 党委书记 党组书记 支部书记"
)
POSITION_TAILS: Final = _list(
    "长 员 任 记 席 师 理 干部 干事 主管 负责人 委员 秘书 民警 助理 专责 参谋 政委 科员 职员 警官 法官"
    " 检察官 工程师 护士 医生 会计 领导 总监 书记员 主播 人员 岗 职级"
)

# Forms of address and functions that people write behind a name.
HONORIFICS: Final = _list(
    "先生 女士 小姐 同志 老师 主任 副主任 科长 副科长 局长 副局长 镇长 副镇长 乡长 副乡长 书记 副书记"
    " 所长 副所长 站长 副站长 队长 副队长 大队长 经理 副经理 总经理 主席 副主席 处长 副处长 股长 副股长"
    " 部长 副部长 院长 副院长 校长 副校长 委员 科员 干事 主管 警官"
)

UNIT_TAILS: Final = _list(
    "政府 局 镇 乡 街道 办 办公室 委 委员会 院 队 大队 支队 中队 站 所 公司 中心 会 部 处 厅 社 校 学校"
    " 小学 中学 大学 园 厂 集团 行 馆 协会 联合会 工会 妇联 法院 检察院 医院 管委会 村 居委会 村委会 社区"
    " 党委 工委 分局 总队 银行 支行"
)

ADDRESS_MARKS: Final = "路街道号镇乡村楼室区县市省巷弄厦园栋座层幢里社组苑城"

SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪"
    "廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤洪庄颜柯尤翁施连骆温詹游涂纪童俞章"
    "鲁葛伍殷易柳梅欧阮康季盛祝齐牛樊申左包凌路岳尚霍关祁焦米裴窦瞿简聂冼辛管祖阎倪单甘屈鲍耿房饶车阳蓝卓赖池官饶巫丘卜兰"
    "符洗薄查岑晁储迟仇褚党狄刁佟费丰佘苗谷桂国海杭花华惠宫巩古桑沙商舒宿宗隋邰滕仝佟屠宛闻乌邬吾奚席解邢胥宣荀晏燕仰应雍"
    "喻元苑臧曾翟占湛支仲诸竺訾禚粘"
)
# The rest of 百家姓 and what is met beside it, also in traditional characters. Too many words begin with these for a sign of
# a name; but a name that begins with none of either is asked about (同去年, 见附表, 不详 stood in the cell for the name).
RARER_SURNAMES: Final = frozenset(
    "卫戚柏水云郎昌凤酆廉毕安乐时傅皮卞平和穆萧禹贝明计伏成谈茅庞项闵麻强娄危虞昝经裘缪干贲郁吉钮嵇滑荣羊於甄曲家封芮羿靳汲邴"
    "糜松井富巴弓牧隗山宓蓬全郗班秋伊宁栾暴钭厉戎景束幸司韶郜蓟印怀蒲鄂索咸籍蔺蒙乔阴鬱苍莘贡劳逄姬扶堵冉宰郦郤璩濮寿边扈冀郏"
    "浦农柴慕茹习宦艾鱼容慎戈庾终暨居衡步都满弘匡文寇广禄阙东沃利蔚越夔隆师厍勾敖融冷阚那鞠巢蒯荆红权逯盖益桓"
    "母玉晋楚代尉肇铁邝麦揭粟盘由衣修敬操檀亓呙缑牟丛战初门綦苟芦刀陀么补但撒把者线藏旦娜"
    "陳黃張劉鄭許謝葉蔣盧蘇賴鍾馬呂趙孫吳楊羅鄧馮蕭莊顏連駱溫遊塗紀衛鳳畢時樂湯滕龍萬藍鄒韓嚴魯賀龐項閔貝譚顧鍾關魏錢範聶"
)
COMPOUND_SURNAMES: Final = _words(
    "欧阳 上官 司马 诸葛 司徒 皇甫 东方 公孙 慕容 令狐 尉迟 长孙 夏侯 轩辕 宇文 端木 南宫 司空 闻人 独孤"
    " 呼延 申屠 钟离 澹台"
)

# Words that never are part of a name; a text with them in a name's cell is a shifted value.
NOT_A_NAME: Final = _words(
    "是 否 有 无 男 女 男性 女性 姓名 性别 职务 手机 电话 单位 传真 邮箱 地址 联系人 联络员 某某 某 测试"
    " 汉族 党员 群众 团员 本科 大专 提供 不提供 待定 未定 详见附件 见附件 附件"
)
